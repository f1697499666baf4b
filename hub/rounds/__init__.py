"""ROUNDS: what is known of planned walks, for every face that shows them, and what people decide of them."""
