"""Web search and web fetch where no vendor does it: engines, pages, and the loop in which a model uses them."""
