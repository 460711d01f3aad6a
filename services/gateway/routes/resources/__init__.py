"""Our own routes under /api/v1: resources, with RFC 9457 problem details.

Each module names the routes of one subject as a table of `Resource`; `resources` joins them.
"""

from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources.corrections import correction_resources
from services.gateway.routes.resources.dead_letters import dead_letter_resources
from services.gateway.routes.resources.deletions import deletion_resources
from services.gateway.routes.resources.documents import document_resources
from services.gateway.routes.resources.events import event_resources
from services.gateway.routes.resources.keys import key_resources
from services.gateway.routes.resources.knowledge_bases import knowledge_base_resources
from services.gateway.routes.resources.memories import memory_resources
from services.gateway.routes.resources.people import people_resources
from services.gateway.routes.resources.project import operator_resources, project_resources
from services.gateway.routes.resources.router import build_router
from services.gateway.routes.resources.table import Query, Resource, ResourceRequest
from services.gateway.routes.resources.webhooks import webhook_resources

__all__ = ["Query", "Resource", "ResourceRequest", "build_router", "resources"]


def resources(cases: UseCases) -> tuple[Resource, ...]:
    """All routes of /api/v1."""
    return (
        *knowledge_base_resources(cases),
        *document_resources(cases),
        *correction_resources(cases),
        *memory_resources(cases),
        *people_resources(cases),
        *deletion_resources(cases),
        *event_resources(cases),
        *dead_letter_resources(cases),
        *project_resources(cases),
        *key_resources(cases),
        *operator_resources(cases),
        *webhook_resources(cases),
    )
