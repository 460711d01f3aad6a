"""One file per driver; the only place that names a vendor. Opened by composition roots alone."""
