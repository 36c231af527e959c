"""Names of providers: when two are the same, and the names that follow from them (folder, slug, database, account).

A wrong match would put one provider's patients into another's database, so nothing here is guessed: a name that cannot
be written in plain letters gets a hash instead of a transliteration.
"""

import hashlib
import re
import unicodedata
from functools import lru_cache

from webautodash.errors import ConfigurationError, InvalidProviderName

LONGEST_NAME = 255
LONGEST_DATABASE_NAME = 64  # the smallest limit of the supported database products
LONGEST_ACCOUNT_NAME = 32  # the smallest limit of the supported database products
RESERVED_SLUG = "system"

_STEM_LENGTH = 40
_HASH_LENGTH = 8
_ACCOUNT_HASH_LENGTH = 12
_CUT_ACCOUNT = re.compile(f"_[0-9a-f]{{{_ACCOUNT_HASH_LENGTH}}}$")

# Quotes that are typed as an apostrophe. They are listed because some are letters in Unicode (U+02BC, U+A78C).
_APOSTROPHES = "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u055a\u05f3" + (
    "\u2018\u2019\u201a\u201b\u2032\u2035\ua78b\ua78c\uff07"
)
_WITHOUT_APOSTROPHES = str.maketrans("", "", _APOSTROPHES)
# NFKC turns a free-standing accent that is typed as an apostrophe into a space and a combining mark.
_SPACED_ACCENT = re.compile("[ ][\u0301\u0313\u0314]")

# Accents that any letter can have. Marks of a single script (vowel signs, voicing marks) are part of its letters.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")

_INVISIBLE = {
    "Cc": "a control character",
    "Cf": "an invisible format character",
    "Cs": "half of a surrogate pair",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}


# What files have where there is no name; without white space, "_" and "/".
_PLACEHOLDERS = frozenset({"", "unknown", "unknownprovider", "none", "na"})
_BETWEEN_WORDS = re.compile("[\\s_/]+")
_TITLES = frozenset(
    {
        *("dr", "doctor", "prof", "professor", "mr", "mrs", "ms", "miss", "mx", "sir", "dame", "rev", "hon"),
        *("md", "do", "phd", "mbbs", "dds", "dmd", "dpm", "od", "dc", "dvm", "pharmd", "psyd", "dnp", "np", "fnp"),
        *("aprn", "arnp", "rn", "pa", "pac", "facp", "facs", "faap", "facc", "mph", "esq"),
    }
)
"""Titles before and behind names, as `letters_key` writes them."""


def is_placeholder(name: str) -> bool:
    """Whether a text stands for a missing name: "unknown", "Unknown Provider", "unknown_provider", "none", "n/a"."""
    return _BETWEEN_WORDS.sub("", same_name_key(name)) in _PLACEHOLDERS


@lru_cache(maxsize=1 << 14)
def untitled_key(name: str) -> str:
    """The `letters_key` of a name without titles: "Dr. Gary Wang" and "Gary Wang, M.D." are "garywang".

    Two words always stay, because some titles are family names too ("Anna Do").
    """
    words = [letters_key(word) for word in same_name_key(name).replace(",", " ").split()]
    words = [word for word in words if word]
    while len(words) > 2 and (words[0] in _TITLES or words[-1] in _TITLES):
        words.pop(0 if words[0] in _TITLES else -1)
    return "".join(words)


def same_name_key(name: str) -> str:
    """A key that is equal for all spellings of one provider's name.

    Compatibility forms (full width, ligatures), case and white space do not count; accents and punctuation do.
    Idempotent. Never raises.
    """
    while (folded := _folded(name)) != name:
        name = folded
    return name


def letters_key(name: str) -> str:
    """The letters and digits of a name without accents, to match a folder to a provider.

    "O'Neil Pat", "o_neil_pat" and "oneil_pat" are all "oneilpat". Letters of every script are kept, with their vowel
    signs and voicing marks. Less strict than `same_name_key`: equal letters mean that two names read alike, not that
    they are the same provider. Empty if there is no letter or digit.
    """
    return letters(same_name_key(name))


def letters(name: str) -> str:
    """The letters and digits of a name without accents, in their original case."""
    plain = _without_accents(name)
    # Composed again, because a decomposed Korean syllable has three characters.
    return unicodedata.normalize("NFC", "".join(c for c in plain if _is_letter(c)))


def slug(name: str) -> str:
    """The safe name of a provider: 1 to 49 of the characters a to z, 0 to 9 and "_".

    "María-José O'Neil" is "maria_jose_oneil". If a name loses letters (another script, but also "ø" and "ł") or is
    longer than 40 characters, its slug ends in the first 8 hex digits of the SHA-256 of its `same_name_key`, so that
    different names have different slugs. Names with an equal `same_name_key` have an equal slug.
    """
    plain = _without_accents(same_name_key(name))
    stem = re.sub("[^a-z0-9]+", "_", plain).strip("_")
    lost = any(_is_letter(c) for c in re.sub("[a-z0-9]+", "", plain))
    if stem and not lost and len(stem) <= _STEM_LENGTH:
        return stem
    return f"{stem[:_STEM_LENGTH].rstrip('_') or 'provider'}_{_digest(same_name_key(name))}"


def check_provider_name(name: str) -> str:
    """The display name: trimmed, with runs of white space collapsed.

    Raises InvalidProviderName for a name that cannot be seen or stored (blank, without a letter or digit, with
    invisible characters such as tabs, line ends, bidirectional controls or zero width characters, or longer than 255
    characters, also as `same_name_key`), and for the name whose slug is that of the system database.
    """
    if not name.strip():
        raise InvalidProviderName(name, "is empty")
    if len(name) > LONGEST_NAME or len(same_name_key(name)) > LONGEST_NAME:
        raise InvalidProviderName(f"{name[:40]}…", f"is longer than {LONGEST_NAME} characters")
    for character in name:
        if (kind := _INVISIBLE.get(unicodedata.category(character))) is not None:
            raise InvalidProviderName(name, f"contains {kind} (U+{ord(character):04X})")
    if not any(c.isalnum() for c in letters_key(name)):
        raise InvalidProviderName(name, "has no letter and no digit")
    if is_placeholder(name):
        raise InvalidProviderName(name, "stands for a missing name")
    if slug(name) == RESERVED_SLUG:
        raise InvalidProviderName(name, "is reserved for the system database")
    return " ".join(name.split())


def name_from_folder(folder: str) -> str:
    """The display name for a provider that is only known by its folder: "gary_wang" is "Gary Wang".

    Words in mixed case ("McDonald") stay as they are. The `letters_key` does not change. The result is not checked by
    `check_provider_name`.
    """
    return " ".join(_titled(word) for word in folder.replace("_", " ").split())


def database_name(prefix: str, slug: str) -> str:
    """The name of the database of the provider with this slug.

    Raises ConfigurationError if the prefix is empty (a slug alone could be the name of a database of the server
    itself), if it contains other characters than a to z, 0 to 9 and "_", or if the name is too long.
    """
    key = "WEBAUTODASH_DATABASE_PREFIX"
    if re.fullmatch("[a-z0-9_]+", prefix) is None:
        raise ConfigurationError(key, "must be one or more of the characters a to z, 0 to 9 and _")
    if len(database := prefix + slug) > LONGEST_DATABASE_NAME:
        reason = f"{database} has {len(database)} characters, and a database name has at most {LONGEST_DATABASE_NAME}"
        raise ConfigurationError(key, f"{reason}; choose a shorter prefix")
    return database


def account_name(database: str) -> str:
    """The name of the account that may read and write the rows of one database, and nothing else.

    It is the name of the database. A name of more than 32 characters is cut and ends in the first 12 hex digits of its
    SHA-256, and so does a name that looks as if it were cut, so that no two databases share an account.
    """
    looks_cut = len(database) == LONGEST_ACCOUNT_NAME and _CUT_ACCOUNT.search(database) is not None
    if len(database) <= LONGEST_ACCOUNT_NAME and not looks_cut:
        return database
    kept = LONGEST_ACCOUNT_NAME - _ACCOUNT_HASH_LENGTH - 1
    return f"{database[:kept]}_{_digest(database, _ACCOUNT_HASH_LENGTH)}"


def migrations_account_name(prefix: str) -> str:
    """The name of the account that creates databases and changes tables. No provider's slug begins with "_"."""
    return f"{prefix}_migrations"


def _folded(name: str) -> str:
    composed = unicodedata.normalize("NFKC", name)
    return " ".join(unicodedata.normalize("NFKC", composed.casefold()).split())


def _without_accents(name: str) -> str:
    """A name, decomposed, without apostrophes and accents."""
    key = _SPACED_ACCENT.sub("", unicodedata.normalize("NFKC", name)).translate(_WITHOUT_APOSTROPHES)
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", key))


def _titled(word: str) -> str:
    titled = word.title() if word.islower() or word.isupper() else word
    # The upper case of a few letters belongs to another letter: a dotless i would become an i.
    return titled if same_name_key(titled) == same_name_key(word) else word


def _digest(text: str, length: int = _HASH_LENGTH) -> str:
    # A lone surrogate has no UTF-8. Such a name is refused, but its slug is computed first.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def _is_letter(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")
