"""What puts Leak onto machines: the set-up step, images and manifests."""
