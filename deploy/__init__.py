"""How Memloom is run: the developer's servers, containers, Kubernetes."""
