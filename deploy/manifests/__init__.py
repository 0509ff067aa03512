"""Makes the Kubernetes manifests from the registry and one table of services: `python -m deploy.manifests`."""
