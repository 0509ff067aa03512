"""The console's pages and steps: parse, ask the desk, answer."""
