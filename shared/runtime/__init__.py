"""How a service lives: it knows no event. Start, stop, health, delivery, stores, logs and metrics."""
