"""The only room that every service shares; it knows no service.

contracts: plain types. language: what texts say, as pure rules. ports: Protocols. runtime:
delivery, dispatch, outbox, settings, logging, tracing, health. adapters: one file per driver.
pb: generated stubs.
"""
