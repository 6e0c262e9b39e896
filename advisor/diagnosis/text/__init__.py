"""Maps prose reports to candidates: the pattern, signature and boundary part that a report speaks of."""
