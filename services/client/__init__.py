"""The client: Memloom's own REST API for assistants (MCP) and for people at a shell.

Consumes: the public REST API (openmem/v1 and /api/v1) of a Memloom that runs anywhere.
Emits: nothing.
Owns: nothing; the key and the address come with each process or request.
Never: imports a service, or opens a store.
"""
