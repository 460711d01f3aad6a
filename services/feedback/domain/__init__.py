"""Pure rules: from plain words and candidate statements to typed decisions."""
