"""What a plugin author and our own tests share: fake upstreams, contracts, builders. Shipped."""
