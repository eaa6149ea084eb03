"""One person as other systems export them."""

import json
from typing import Any

ROCKETCHAT: dict[str, Any] = {
    "_id": "aobEdbYhXfu5hkeqG",
    "createdAt": {"$date": "2024-01-01T00:00:00Z"},
    "username": "ana",
    "name": "Ana Silva",
    "emails": [{"address": "ana@example.org", "verified": True}],
    "services": {
        "password": {"bcrypt": "$2b$10$hash"},
        "totp": {"enabled": True, "secret": "JBSWY3DPEHPK3PXP", "hashedBackup": ["x"]},
    },
    "active": True,
    "roles": ["admin"],
    "type": "user",
}
HASURA: dict[str, Any] = {
    "id": "11111111-1111-4111-8111-111111111111",
    "user_id": "22222222-2222-4222-8222-222222222222",
    "email": "ana@example.org",
    "password_hash": "$2a$10$hash",
    "active": True,
    "otp_secret": "JBSWY3DPEHPK3PXP",
    "mfa_enabled": True,
    "default_role": "user",
    "ticket": "33333333-3333-4333-8333-333333333333",
}
KEYCLOAK: dict[str, Any] = {
    "id": "44444444-4444-4444-8444-444444444444",
    "username": "ana",
    "email": "ana@example.org",
    "emailVerified": True,
    "enabled": True,
    "firstName": "Ana",
    "lastName": "Silva",
    "credentials": [
        {"type": "password", "secretData": '{"value": "x"}', "credentialData": "{}"},
        {
            "type": "otp",
            "secretData": '{"value": "12345678901234567890"}',
            "credentialData": json.dumps(
                {"subType": "totp", "digits": 6, "period": 30, "algorithm": "HmacSHA1"}
            ),
        },
    ],
}
