"""The contract between the services: what happened, said once, in the past tense. Imports pydantic only."""
