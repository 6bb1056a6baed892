# Manual pages and essays.
