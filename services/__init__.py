"""The five services. They never import one another; they meet in `shared/events/`."""
