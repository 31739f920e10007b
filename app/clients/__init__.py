"""Clients: who may call Rialto, with which key, which models, how often and for how much."""
