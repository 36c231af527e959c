"""Providers' names: when two are the same, and what is called after them (folder, slug, database).

A wrong match here puts one provider's patients into another's database, so nothing in this module guesses:
what cannot be written in plain letters gets a hash instead of a transliteration.
"""

import hashlib
import re
import unicodedata

from webautodash.errors import ConfigurationError, InvalidProviderName

LONGEST_NAME = 255
LONGEST_DATABASE_NAME = 64  # the smallest limit of the supported database products
LONGEST_ACCOUNT_NAME = 32  # the smallest limit of the supported database products
RESERVED_SLUG = "system"

_STEM_LENGTH = 40
_HASH_LENGTH = 8
_ACCOUNT_HASH_LENGTH = 12
_CUT_ACCOUNT = re.compile(f"_[0-9a-f]{{{_ACCOUNT_HASH_LENGTH}}}$")

# Quotes that are typed for an apostrophe. Some count as letters in Unicode (U+02BC, U+A78C), so they are named.
_APOSTROPHES = "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u055a\u05f3" + (
    "\u2018\u2019\u201a\u201b\u2032\u2035\ua78b\ua78c\uff07"
)
_WITHOUT_APOSTROPHES = str.maketrans("", "", _APOSTROPHES)
# NFKC has turned a free-standing accent, typed for an apostrophe, into a space and a combining mark.
_SPACED_ACCENT = re.compile("[ ][\u0301\u0313\u0314]")

# The accents that any letter can carry. Marks of one script (vowel signs, voicing marks) are part of its letters.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")

_UNSEEN = {
    "Cc": "a control character",
    "Cf": "an invisible format character",
    "Cs": "half of a surrogate pair",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}


def same_name_key(name: str) -> str:
    """The form in which two spellings of one provider's name are equal.

    Compatibility forms (full width, ligatures), case and white space do not count; accents and punctuation do.
    Applying it twice gives the same. Never raises.
    """
    while (folded := _folded(name)) != name:
        name = folded
    return name


def letters_key(name: str) -> str:
    """The letters and digits of a name without accents, to match a folder to a provider.

    "O'Neil Pat", "o_neil_pat" and "oneil_pat" are all "oneilpat". Letters of every script stay, with the vowel
    signs and voicing marks that tell two of them apart. Looser than `same_name_key`: equal letters mean that two
    names read alike, not that they are the same provider. Empty where there is no letter or digit.
    """
    return letters(same_name_key(name))


def letters(name: str) -> str:
    """The letters and digits of a name without accents, in the case in which they stand."""
    plain = _without_accents(name)
    # Composed again: Korean would take three characters for each syllable.
    return unicodedata.normalize("NFC", "".join(c for c in plain if _is_letter(c)))


def slug(name: str) -> str:
    """The safe name of a provider: 1 to 49 of the characters a to z, 0 to 9 and "_".

    "María-José O'Neil" is "maria_jose_oneil". A name that loses letters on the way (another script, but also
    "ø" and "ł") or is longer than 40 characters ends in the first 8 hex digits of the SHA-256 of its
    `same_name_key`, so that two such names stay two. Names with an equal `same_name_key` have an equal slug.
    """
    plain = _without_accents(same_name_key(name))
    stem = re.sub("[^a-z0-9]+", "_", plain).strip("_")
    lost = any(_is_letter(c) for c in re.sub("[a-z0-9]+", "", plain))
    if stem and not lost and len(stem) <= _STEM_LENGTH:
        return stem
    return f"{stem[:_STEM_LENGTH].rstrip('_') or 'provider'}_{_digest(same_name_key(name))}"


def check_provider_name(name: str) -> str:
    """The display name: as given, trimmed, runs of white space made one space.

    Raises InvalidProviderName where nobody could see or store the name: blank, no letter or digit, characters that
    do not show (tab and line end among them, bidirectional controls, zero width), over 255 characters as given or
    as `same_name_key`; and for the name whose slug the system database has.
    """
    if not name.strip():
        raise InvalidProviderName(name, "is empty")
    if len(name) > LONGEST_NAME or len(same_name_key(name)) > LONGEST_NAME:
        raise InvalidProviderName(f"{name[:40]}…", f"is longer than {LONGEST_NAME} characters")
    for character in name:
        if (kind := _UNSEEN.get(unicodedata.category(character))) is not None:
            raise InvalidProviderName(name, f"holds {kind} (U+{ord(character):04X})")
    if not any(c.isalnum() for c in letters_key(name)):
        raise InvalidProviderName(name, "has no letter and no digit")
    if slug(name) == RESERVED_SLUG:
        raise InvalidProviderName(name, "is kept for the system database")
    return " ".join(name.split())


def name_from_folder(folder: str) -> str:
    """A display name for a provider of whom only the folder is known: "gary_wang" is "Gary Wang".

    Words that mix capitals and small letters ("McDonald") stay as they are. The letters stay the same, as
    `letters_key` has them; whether a provider may have the name is for `check_provider_name` to say.
    """
    return " ".join(_titled(word) for word in folder.replace("_", " ").split())


def database_name(prefix: str, slug: str) -> str:
    """The name of the database of the provider with this slug.

    Raises ConfigurationError when the prefix is empty (a provider's name alone could be that of one of the
    server's own databases) or has other characters than a to z, 0 to 9 and "_", or when the name is too long.
    """
    key = "WEBAUTODASH_DATABASE_PREFIX"
    if re.fullmatch("[a-z0-9_]+", prefix) is None:
        raise ConfigurationError(key, "must be one or more of the characters a to z, 0 to 9 and _")
    if len(database := prefix + slug) > LONGEST_DATABASE_NAME:
        reason = f"{database} has {len(database)} characters, a database name at most {LONGEST_DATABASE_NAME}"
        raise ConfigurationError(key, f"{reason}; take a shorter prefix")
    return database


def account_name(database: str) -> str:
    """The name of the account that may work with the rows of one database, and with nothing else.

    The database's own, at most 32 characters; a longer one is cut, and ends in the first 12 hex digits of its SHA-256.
    So does one that looks as if it had been cut: no two databases share an account.
    """
    looks_cut = len(database) == LONGEST_ACCOUNT_NAME and _CUT_ACCOUNT.search(database) is not None
    if len(database) <= LONGEST_ACCOUNT_NAME and not looks_cut:
        return database
    kept = LONGEST_ACCOUNT_NAME - _ACCOUNT_HASH_LENGTH - 1
    return f"{database[:kept]}_{_digest(database, _ACCOUNT_HASH_LENGTH)}"


def migrations_account_name(prefix: str) -> str:
    """The name of the account that makes databases and changes their tables; no provider's slug begins with "_"."""
    return f"{prefix}_migrations"


def _folded(name: str) -> str:
    composed = unicodedata.normalize("NFKC", name)
    return " ".join(unicodedata.normalize("NFKC", composed.casefold()).split())


def _without_accents(name: str) -> str:
    """Decomposed, apostrophes and accents gone, everything else still there."""
    key = _SPACED_ACCENT.sub("", unicodedata.normalize("NFKC", name)).translate(_WITHOUT_APOSTROPHES)
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", key))


def _titled(word: str) -> str:
    titled = word.title() if word.islower() or word.isupper() else word
    # The capital of a few letters belongs to another one: a dotless i would become an i.
    return titled if same_name_key(titled) == same_name_key(word) else word


def _digest(text: str, length: int = _HASH_LENGTH) -> str:
    # A lone surrogate has no UTF-8; such a name is refused elsewhere, but a slug is asked for before that.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def _is_letter(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")
