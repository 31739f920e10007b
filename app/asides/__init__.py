"""Asides: what Rialto itself asks a model while it works on a request, a picture's description for one. Each is an
exchange of its own, made once, kept on disk, and accounted for.
"""
