"""The user's background: facts choose among the variants that the query found."""
