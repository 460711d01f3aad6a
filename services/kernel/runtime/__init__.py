"""What every service runs on: policy, dispatch, outbox, settings, logging, tracing, health."""
