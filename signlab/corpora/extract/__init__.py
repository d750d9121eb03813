"""From films to a corpus: what to extract, the processes that do it, and the folder they fill."""
