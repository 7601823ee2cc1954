"""The settings that say how our private keys are kept (docs/keys.md).

Each names a file: a passphrase or a PIN in the environment itself would go to every child, and be
shown by `docker inspect`, `systemctl show` and whoever reads /proc.
"""

from pathlib import Path
from typing import Final

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from signing.keeping import Keeping
from signing.token import Token

_REFUSED_PIN: Final = Path("keys") / "token-pin.refused"  # in the home folder


class KeySettings(BaseSettings):
    """`MRX_KEY_PASSPHRASE_FILE`, `MRX_TOKEN_MODULE` and what belongs to it."""

    key_passphrase_file: Path | None = Field(
        default=None,
        repr=False,
        description="a file, mode 0600, whose first line is the passphrase of the key files; further "
        "lines are older ones, until `mrx key protect` has been run; none: keys are not encrypted",
    )
    token_module: Path | None = Field(
        default=None,
        description="the PKCS#11 module of the token in which new keys are made; none: in files",
    )
    token_label: str | None = Field(
        default=None,
        max_length=32,  # of CK_TOKEN_INFO
        validate_default=True,
        description="the label of that token",
    )
    token_pin_file: Path | None = Field(
        default=None,
        repr=False,
        validate_default=True,
        description="a file, mode 0600, that holds the PIN of its user",
    )
    token_key_label: str = Field(
        default="mrx",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="what the labels of keys made there begin with; the fingerprint follows",
    )

    @field_validator("token_label", "token_pin_file")
    @classmethod
    def _of_the_token(cls, given: str | Path | None, info: ValidationInfo) -> str | Path | None:
        if info.data.get("token_module") is not None and not given:
            raise ValueError("with MRX_TOKEN_MODULE it is needed")
        return given

    def kept_at(self, home: Path) -> Keeping:
        """How the keys of this home folder are kept."""
        if self.token_module is None:
            return Keeping(passphrase_file=self.key_passphrase_file)
        assert self.token_label is not None, "the settings ask for it with a module"
        assert self.token_pin_file is not None, "the settings ask for it with a module"
        token = Token(
            module=self.token_module,
            label=self.token_label,
            pin_file=self.token_pin_file,
            key_label=self.token_key_label,
            refused=home / _REFUSED_PIN,
        )
        return Keeping(passphrase_file=self.key_passphrase_file, token=token)
