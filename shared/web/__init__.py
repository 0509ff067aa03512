"""What every page has: words, the choice of language, templates, files, headers, hosts, same origin, the look."""
