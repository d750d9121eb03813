"""From run folders to a markdown report with figures and tables."""
