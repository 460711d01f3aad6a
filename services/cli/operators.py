"""Topics, for whoever runs a Memloom."""

import asyncio

import typer

from services.kernel.contracts.errors import InvalidInput


def apply_catalogue(replication: int | None, partitions: int | None) -> None:
    """Topics on the Kafka that the settings name."""
    from services.embedded import EmbeddedSettings  # noqa: PLC0415 - heavy, as options says
    from services.kernel.runtime.settings import load  # noqa: PLC0415 - heavy, as options says

    settings = load(EmbeddedSettings)
    if not settings.kafka.bootstrap:
        raise InvalidInput(
            "MEMLOOM_KAFKA__BOOTSTRAP is not set; the embedded bus needs no topics to be made"
        )
    # Kafka's client is heavy and only needed here.
    from services.kernel.adapters.kafka_bus import apply_topics  # noqa: PLC0415

    report = asyncio.run(
        apply_topics(settings.kafka, replication=replication, partitions=partitions)
    )
    for state in ("created", "changed", "kept", "differing"):
        for name in getattr(report, state):
            typer.echo(f"{state:<10} {name}")
