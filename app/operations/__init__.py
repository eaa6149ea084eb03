"""What the portal does. Each function is one or more whole transactions and commits itself.

Operations take plain values and models, return values, and raise `app.errors`.
They never see a request, a response, a template or a status code.
"""
