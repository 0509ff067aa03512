"""What a visitor sees: templates, static files, texts in English and French, and the code that puts them together."""
