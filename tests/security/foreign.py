"""One password as other systems hash it: made by those systems, not by us."""

PASSWORD = "Ümläut correct horse ✓"

# Each with the format to name, or None where its looks tell.
HASHES: dict[str, tuple[str | None, str]] = {
    "bcrypt 2a": (None, "$2a$04$Qty23F/02kGI/XO265VJOO9BQ4JPjk6O0caG/Blo7fHO6eKFTHG3e"),
    "bcrypt 2b": (None, "$2b$04$hPdUkogV2RpO0WfMk6WE6uM.PXxcyUNsw1dHrOvL/.Rbs5N5gDnra"),
    "bcrypt 2y": (None, "$2y$04$/O1VqlYZBVM6GymW7RQ/vuZxFlSdDfA7LgmvF/zR2uY8kLt1goq0."),
    "Rocket.Chat": ("rocketchat", "$2b$04$7Hbn4yadlcJpaeuBNQibh.FYsBeQ7.17mimQhoeudKwfupzqqhtE6"),
    "passlib bcrypt of an HMAC": (
        None,
        "$bcrypt-sha256$v=2,t=2b,r=4$Ph0MwtcZHCGUl8lNzoZ7RO$vuYTqf5ZtqIYytF0exsh.6XXGMQBnnm",
    ),
    "passlib bcrypt of SHA-256": (
        None,
        "$bcrypt-sha256$2b,4$hiegRiwo30nQMI.4z20Hn.$rvmND28ZMSOepEZLLZqijCA72sjynhe",
    ),
    "passlib PBKDF2-SHA1": (
        None,
        "$pbkdf2$1000$e2.NUWqtldKa03oPAYDw3g$3PUZwqAd7hh3goR28g2VmfB37Y8",
    ),
    "passlib PBKDF2-SHA256": (
        None,
        "$pbkdf2-sha256$1000$PweA8J6TMoaw1poTwniPcQ$U4uPZkyisRDQxo4GgDBK6LJHpRpWPuRS.uKPd4t1bm0",
    ),
    "passlib PBKDF2-SHA512": (
        "passlib",
        (
            "$pbkdf2-sha512$1000$.T.HcC5FiBGi9N679z7HGA"
            "$5RJAWpDxtyyavCmJAG9sULQeuPU2vwa2fqh36bSZKP/YxUIZFW7WKDdgNZCJOUdOI1LqZGxw0zdZdV93Z5Y72w"
        ),
    ),
    "passlib scrypt": (
        None,
        "$scrypt$ln=4,r=8,p=1$HqNUytk7JwQgpJSy9j5nTA$DCMpbrzpFk63Ri0RYq423JClhUoPQbO7KArFrfgrDB0",
    ),
    "passlib argon2i": (
        None,
        (
            "$argon2i$v=19$m=64,t=1,p=2$uleqda41ZuzdG2MM4XxvjQ"
            "$hTGPmksXhtC91DzIMfItdz18MMSn8oNok7E4jAz6CZ4"
        ),
    ),
    "passlib argon2d": (
        None,
        (
            "$argon2d$v=19$m=64,t=1,p=2$T+ndOyekFEKo1fpfi/Feaw"
            "$GvXUbr6jY6J2P/BDY6XU4rcekbCJLFgjHqrrn07Iylk"
        ),
    ),
    "passlib argon2id": (
        "argon2",
        (
            "$argon2id$v=19$m=64,t=1,p=2$KOXce6+VEsK49967txYixA"
            "$lU967SCquI49g2tvCTp2OtKgZCBqM4L0IjN3iD0pKCM"
        ),
    ),
    "Django PBKDF2-SHA256": (
        None,
        "pbkdf2_sha256$1000$vekUvjuFvaO1zF2Vsftcgz$B4zGCicxK21pttE4MdmB/p40I+xBHI1zxnBBdPtV1J8=",
    ),
    "Django PBKDF2-SHA1": (
        None,
        "pbkdf2_sha1$1000$gnywcszRQ49J3sRbwmxRr2$b53M7FfU1CwESSaetaoyQl3BVnE=",
    ),
    "Django scrypt": (
        "django",
        (
            "scrypt$16$UYVr7D4Z0ncOdCvgapU4Tn$8$2"
            "$r9TftQl+pGJBptrSns9yom7Bwh0P6jYMuBEZgHpHfYWqgUdlIOVytJiGuEvmzt998zA49P2IVtyD/aqTBL+r+A=="
        ),
    ),
    "Django bcrypt of SHA-256": (
        None,
        "bcrypt_sha256$$2b$04$7Hbn4yadlcJpaeuBNQibh.FYsBeQ7.17mimQhoeudKwfupzqqhtE6",
    ),
    "Django bcrypt": (
        None,
        "bcrypt$$2b$04$S.canKAu2FIuuSQ82GE/aePlnek3sd2w8esORgWHdoAa7zlCkSFUq",
    ),
    "Django argon2id": (
        None,
        (
            "argon2$argon2id$v=19$m=64,t=1,p=2$R3BwbU5BMEZGMVcyVUpBVmtqVngyTw"
            "$HOnU/zEIb1sLv7N7eSSG1fnTFQohwjzcl6PiMWUR21k"
        ),
    ),
    "Werkzeug PBKDF2-SHA256": (
        None,
        (
            "pbkdf2:sha256:1000$hHKfjSmXk3R2Jim2"
            "$c27ca2746bfff216f24cbb8145781b767c3bc12cdc3893dea7a9df468a60e12a"
        ),
    ),
    "Werkzeug PBKDF2-SHA1": (
        None,
        "pbkdf2:sha1:1000$v9Y2Ngzb0csfK8UA$745269c12b73912954d76c78a0c13564e9168a50",
    ),
    "Werkzeug scrypt": (
        "werkzeug",
        (
            "scrypt:1024:8:1$ZHA4dpZGS9RthL8I$4f80ecd0276e74fc7caa6b0640bc914142f8e5829077a41320b1368671"
            "fc0a9c74b6b22ea1af0b7ccfe65e02f9bacb66bb6712cbbb2e9f6b1309cb5d5484e946"
        ),
    ),
    "Keycloak PBKDF2-SHA1": (
        None,
        (
            '{"secretData": "{\\"value\\":\\"3PUZwqAd7hh3goR28g2VmfB37Y8=\\",'
            '\\"salt\\":\\"e2+NUWqtldKa03oPAYDw3g==\\"}",'
            '"credentialData": "{\\"hashIterations\\":1000,\\"algorithm\\":\\"pbkdf2\\"}"}'
        ),
    ),
    "Keycloak PBKDF2-SHA256": (
        "keycloak",
        (
            '{"secretData": "{\\"value\\":\\"U4uPZkyisRDQxo4GgDBK6LJHpRpWPuRS+uKPd4t1bm0=\\",'
            '\\"salt\\":\\"PweA8J6TMoaw1poTwniPcQ==\\",\\"additionalParameters\\":{}}",'
            '"credentialData": "{\\"hashIterations\\":1000,\\"algorithm\\":\\"pbkdf2-sha256\\"}"}'
        ),
    ),
    "Keycloak PBKDF2-SHA256, before version 8": (
        None,
        (
            '{"type": "password", "hashedSaltedValue": '
            '"U4uPZkyisRDQxo4GgDBK6LJHpRpWPuRS+uKPd4t1bm0=", "salt": "PweA8J6TMoaw1poTwniPcQ==",'
            '"hashIterations": 1000, "counter": 0, "algorithm": "pbkdf2-sha256", "digits": 0}'
        ),
    ),
    "Keycloak argon2": (
        None,
        (
            '{"secretData": {"value": "lU967SCquI49g2tvCTp2OtKgZCBqM4L0IjN3iD0pKCM=",'
            '"salt": "KOXce6+VEsK49967txYixA==", "additionalParameters": {}},'
            '"credentialData": {"hashIterations": 1, "algorithm": "argon2", "additionalParameters":'
            '{"hashLength": ["32"], "memory": ["64"], "type": ["id"], "version": ["1.3"],'
            '"parallelism": ["2"]}}}'
        ),
    ),
}
