"""All use cases of the gateway, for its entrances."""

from dataclasses import dataclass

from services.gateway.domain.limits import Limits
from services.gateway.handlers.access import Access
from services.gateway.handlers.audit import AuditTrail
from services.gateway.handlers.changes import Changes
from services.gateway.handlers.chat import Assistant
from services.gateway.handlers.conversations import Conversations
from services.gateway.handlers.dead_letters import DeadLetterDesk
from services.gateway.handlers.deletions import Deletions
from services.gateway.handlers.directory import Directory
from services.gateway.handlers.document_contents import DocumentContents
from services.gateway.handlers.document_directory import DocumentDirectory
from services.gateway.handlers.documents import Documents
from services.gateway.handlers.door import RequestAuth
from services.gateway.handlers.feedback import FeedbackDesk
from services.gateway.handlers.key_admin import KeyAdmin
from services.gateway.handlers.knowledgebases import KnowledgeBases
from services.gateway.handlers.memories import Memories
from services.gateway.handlers.overview import Overview
from services.gateway.handlers.people import People
from services.gateway.handlers.profiles import Profiles
from services.gateway.handlers.projects import Projects
from services.gateway.handlers.search import Search
from services.gateway.handlers.sharing import Sharing
from services.gateway.handlers.uploads import Uploads
from services.gateway.handlers.usage import Meter
from services.gateway.handlers.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class UseCases:
    """What REST and gRPC call."""

    access: Access
    auth: RequestAuth
    knowledge_bases: KnowledgeBases
    uploads: Uploads
    documents: Documents
    conversations: Conversations
    search: Search
    memories: Memories
    desk: FeedbackDesk
    assistant: Assistant
    overview: Overview
    directory: Directory
    document_directory: DocumentDirectory
    document_contents: DocumentContents
    sharing: Sharing
    people: People
    changes: Changes
    dead_letters: DeadLetterDesk
    keys: KeyAdmin
    audit: AuditTrail
    profiles: Profiles
    projects: Projects
    webhooks: Webhooks
    deletions: Deletions
    meter: Meter
    limits: Limits
