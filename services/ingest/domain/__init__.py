"""Pure rules of ingest: which addresses may be asked, and what type a file is."""
