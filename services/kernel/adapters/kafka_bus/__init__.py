"""Kafka: FastStream consumes, aiokafka's producer publishes. Contract: `tests/contract/bus`.

Three things no setting gives: a record that nobody can read (header, key, JSON) reaches the
handler as bytes; a rebalance waits for running handlers; every verdict has one place.
"""

from services.kernel.adapters.kafka_bus.bus import KafkaBus
from services.kernel.adapters.kafka_bus.letters import KafkaDeadLetters
from services.kernel.adapters.kafka_bus.topics import TopicsReport, apply_topics

__all__ = ["KafkaBus", "KafkaDeadLetters", "TopicsReport", "apply_topics"]
