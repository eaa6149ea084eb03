"""Five documented authentication APIs, each in a file of its own, on one blueprint.

They stand at the paths of their documents. Two of these claim POST /auth/login: its content type
decides between them (auth_login.py).
"""

from flask import Blueprint, Flask

from app.api import (
    auth_login,
    bearer_token,
    cors,
    hasura_backend_plus,
    intedashboard,
    mikrocloud,
    openapi,
    rate_limits,
    rocketchat,
    voices,
)

api = Blueprint("api", __name__)

CONTRACTS = {
    "000": mikrocloud,
    "001": rocketchat,
    "002": bearer_token,
    "003": intedashboard,
    "004": hasura_backend_plus,
}

for module in CONTRACTS.values():
    voices.give(module.contract, module)
    api.register_blueprint(module.contract)
voices.give(auth_login.route, auth_login)
api.register_blueprint(auth_login.route)
voices.listen(api)
cors.listen(api)


def init_app(app: Flask) -> None:
    """Give the application the five contracts, their limits and their description."""
    app.register_blueprint(api)
    rate_limits.init_app(app)
    openapi.init_app(app, CONTRACTS)
