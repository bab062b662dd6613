"""Numbers that the kernels and the fingerprint file agree on. Changing one is a new version."""

from __future__ import annotations

# Kinds of value read out of a text. The order is that of SUB_KEYS.
WORD = 0  # a run of letters, folded; also two words written as one
NUMBER = 1  # a run of letters and digits, or digits alone
NIR = 2  # 13 characters, without the check key
PHONE = 3  # 9 national digits
DATE = 4  # yyyymmdd
EMAIL = 5  # whole address, tag removed
LOCAL = 6  # the part before the at sign
CHUNK = 7  # a run of anything but space and delimiters, for passwords
STREET = 8  # house number and one word of the street
PAIR = 9  # two words of a name, order-free
SHINGLE = 10  # five words in a row
NIR_NEAR = 11  # a NIR less one character
PHONE_NEAR = 12  # a phone less one digit
LOCAL_NEAR = 13  # a local part less one character
WORD_NEAR = 14  # a word less one letter
ROWS = 15  # key stream over the row records
POSTINGS = 16  # key stream over the row numbers behind the keys
SKETCH = 17  # pieces of a value: digit pairs, day, month, year
HOME = 18  # words of a name with a house, a birth date, a postcode or a town

SUB_KEYS = (
    "word", "number", "nir", "phone", "date", "email", "local", "chunk", "street", "pair",
    "shingle", "nir near", "phone near", "local near", "word near", "rows", "postings", "sketch",
    "home",
)  # fmt: skip

# Column classes, as the scoring kernel sees them.
C_NIR, C_SURNAME, C_FIRST, C_FULL, C_BIRTH, C_PHONE, C_EMAIL = range(7)
C_STREET, C_POSTCODE, C_CITY, C_INSURER, C_INSURER_NUMBER = range(7, 12)
C_DOCTOR, C_LABORATORY, C_DATE, C_PASSWORD, C_COMMENT = range(12, 17)
CLASSES = 17

# Roles of a slot in a row record.
R_VALUE, R_WORD, R_JOINED, R_LOCAL, R_HOUSE = range(5)

# Flags of a word (public lists, matching.normalise.words).
F_STOP, F_STREET, F_TITLE, F_TRADE, F_PLACE = 1, 2, 4, 8, 16

# How a field was recognised; of two ways in one field the higher number stands.
Q_EXACT, Q_NEAR, Q_PART, Q_MASKED = range(4)  # as it is, with a slip, a phrase of it, masked
Q_SOME, Q_LOCAL, Q_INITIAL, Q_DATE_PARTS = range(4, 8)  # some of its words, an address's first part

SKETCH_BYTES = 56  # see pieces
QUARTER_BITS = 4.0  # weights are stored as quarter bits in one byte
WORD_TABLE = 2048  # places in the table of public words
MIX, MIX_BEHIND = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F  # odd numbers that words are mixed with

# The class of each field type.
CLASS_OF = {
    "nir": C_NIR, "name": C_FULL, "surname": C_SURNAME, "first_name": C_FIRST,
    "full_name": C_FULL, "birth_date": C_BIRTH, "phone": C_PHONE, "email": C_EMAIL,
    "street": C_STREET, "postcode": C_POSTCODE, "city": C_CITY, "insurer": C_INSURER,
    "insurer_number": C_INSURER_NUMBER, "doctor": C_DOCTOR, "laboratory": C_LABORATORY,
    "date": C_DATE, "password": C_PASSWORD, "comment": C_COMMENT,
}  # fmt: skip
