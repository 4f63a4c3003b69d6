"""What people, and those who are no friends, type: over a hundred values of each kind."""

import unicodedata

from django.contrib.auth.hashers import MD5PasswordHasher

from users.signin.hashers import ComposingHasher


class FastHasher(ComposingHasher, MD5PasswordHasher):
    """For tests that are not about hashing: it takes passwords as the slow hasher does."""


# Names that people in Peru bear -------------------------------------------------------------------

NAMES = [
    # Everyday ones, and letters beyond ASCII
    "Juan", "María", "José", "Ángel", "Óscar", "Íñigo", "Úrsula", "Élida", "Begoña", "Ñahui", "ñaupari", "Güido",
    "Argüelles", "Sigüeñas", "Echenique", "Chávez", "Muñoz", "Quiñones", "MUÑOZ NÚÑEZ", "peña", "Agüero", "Begué",
    # Quechua and Aymara
    "Mamani Quispe", "Condori", "Huamán", "Ccahuana", "Ttito", "Qquellon", "Llusco", "Ñaupas", "Sulca", "Apaza",
    "Inti Wayra", "Sami", "T'ito", "K'ana", "Q'ente", "Ch'aska Qoyllur", "P'aqo", "Ñusta", "Yupanqui", "Atauchi",
    "Choquehuanca", "Huayta", "Paqarina", "Illariy", "Waskar", "Phuyu", "Ch’uspi", "Tupaq Amaru", "Qhispe",
    # Compound, with particles
    "De la Cruz", "de la Torre", "Del Águila", "del Castillo", "De los Ríos", "La Rosa", "Las Casas", "San Martín",
    "Santa Cruz", "Ponce de León", "Montes de Oca", "Vda. de Quispe", "Viuda de Rojas", "y Barrera", "Diez Canseco",
    "María del Carmen", "María de los Ángeles", "Luz de la Esperanza", "Ma. Elena", "J. Carlos", "José M.", "Jr.",
    # Hyphens and apostrophes, as keyboards and telephones write them
    "Ana-María", "Jean-Pierre", "García-Calderón", "O'Higgins", "D'Ávila", "D'Angelo", "D’Angelo", "D’Onofrio",
    "D‘Arrigo", "D´Alessio", "D`Acosta", "Dʼ Ugarte", "M'Bappé", "O’Connor-Ñáñez",
    # Japanese-Peruvian and Chinese-Peruvian
    "Nakamatsu", "Fujimori", "Higa", "Ōta", "Yūki", "Shimabukuro", "Kanashiro", "Ito de Oshiro", "Jun'ichi",
    "Wong", "Chu", "Li", "Lau Kong", "Siu Kam Wen", "Hó", "Chang Say",
    # Portuguese, Italian, German, Slavic, Vietnamese and others who came
    "João", "Gonçalves", "Assunção", "Conceição", "Magalhães", "Müller", "Größer", "Jürgen", "François", "Zoë",
    "Noël", "Łukasz", "Dvořák", "Škoda", "Žižek", "Ångström", "Sørensen", "Æsir", "Œuvre", "Đorđević", "Şahin",
    "Nguyễn", "Trần Thị", "Hương", "Ștefan", "Țepeș", "Kőszegi", "Yi", "Ng",
    # Short and long, spaced and decomposed
    "O", "Ña", "Jo", "María Fernanda del Pilar Guadalupe", "Rodríguez de Mendoza y Collantes de la Vega",
    "  Juan   Carlos ", "Juan\u00a0Carlos", unicodedata.normalize("NFD", "Núñez Ibáñez"), "ñ" * 150,
]  # fmt: skip

USERNAMES = [
    "NUEVO001",
    "nuevo002",
    " Nuevo003 ",
    "ABCDEFGH",
    "12345678",
    "0A0A0A0A",
    "\tNUEVO004\n",
]

DOCUMENTS = ["90000123", "00000001", "00000000", " 9000 0124 ", "9000\u00a00125", "09000126"]

CORREOS = [
    "ana@ejemplo.pe", "ANA@EJEMPLO.PE", "ana.maria+aduana@sub.ejemplo.com.pe", "a@b.pe", "o'higgins@ejemplo.pe",
    "ana_1-2@ejemplo-2.pe", " ana@ejemplo.pe ",
]  # fmt: skip

CLAVES = [
    "Practica2026", "abcdefg1", "12345678", " abcde1 ", "ñññññññ1", "ñññññññññññ1", "😀😀😀😀😀😀😀1", "'; DROP--1",
    "JPEREZ01", "sunat2026",
]  # fmt: skip

DAYS = ["2026-12-31", "31/12/2026", "01/01/27", "1/2/2027"]

RUCS = ["20999999027", " 20 999 999 027 "]

COMPANY_NAMES = [
    "Agencia de Aduana Ñandú & Hijos S.A.C.", "L'Oréal Perú – Práctica", "Transportes «El Rápido» E.I.R.L.",
    "Depósito N.º 3 (Callao)", "O’Higgins, Söhne y Cía. S. en C.", "Empresa 100 % de Práctica", "株式会社 Práctica",
]  # fmt: skip

LEGITIMATE = [
    *NAMES, *USERNAMES, *DOCUMENTS, *CORREOS, *CLAVES, *DAYS, *RUCS, *COMPANY_NAMES,
]  # fmt: skip

# What else may arrive -----------------------------------------------------------------------------

HOSTILE = [
    # Nothing, and what looks like it
    "", " ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2060", "\u00ad", "\u115f", "\u3164",
    # Controls and what changes or hides text
    "\x00", "Ju\x00an", "90000123\x00", "NUEVO01\x00", "\x01", "\x07", "\x08", "\x1b[31mJuan", "\x1f", "\x7f", "\x85",
    "\u2028", "\u2029", "\u202eJuan", "Juan\u202dA", "\u2066Juan\u2069", "Juan\u200e", "Juan\u200f", "Ju\u200dan",
    "Ju\u200can", "\ufffe", "\uffff", "\ufffd", "Juan\ue000", "\U000e0041", "Juan\ufe0f", "J" + "\u0301" * 60,
    # Look-alikes
    "ＮＵＥＶＯ００１", "NUЕVO001", "NUEVΟ001", "NUEVO00\u200b1", "nuevo٠٠1", "NUEVO00¹", "ﬁJuan", "ſJuan", "Jоsé",
    "Иван", "Γιώργος", "דוד", "محمد", "王", "ひろ", "𝐉uan", "９００００１２３", "9000012٣", "9000012²", "½", "Ⅷ", "①",
    "20９99999027", "２０９９９９９９０２７", "ana@еjemplo.pe", "ana@ｅjemplo.pe", "ana@ejemplo.pe\u200b", "ana@ejemplo。pe",
    # Languages of machines
    "' OR '1'='1", "'; DROP TABLE users_user; --", '" OR ""="', "1; SELECT pg_sleep(9)", "\\'", "%", "_", "%%%s", "%n%x",
    "{{ 7*7 }}", "{% debug %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{0.__class__}", "__class__", "$(id)", "`id`", "|id",
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "<!--", "]]>", "&lt;b&gt;",
    "../../etc/passwd", "..\\..\\win.ini", "/dev/null", "C:\\con", "file:///etc/passwd", "http://169.254.169.254/",
    "(&(uid=*))", "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///'>]>", "=1+1", "+1", "-1", "@SUM(A1)",
    "=cmd|' /C calc'!A0", "\r\nSet-Cookie: a=b", "a\r\nX-Otro: b", "a%0d%0ab", "a\nb", "Bcc: otro@ejemplo.pe",
    # Numbers, and what is said instead of a value
    "0", "-0", "-1", "1e309", "1e9", "0x10", "0b1", "1_000", "NaN", "Infinity", "-Infinity", "9" * 30, "9" * 5000,
    "2147483648", "9223372036854775808", "999999999", "null", "None", "undefined", "true", "false", "[]", "{}", "[object Object]",
    '{"a": "\\ud800"}', '{"a": "\\u0000"}', "[" * 2000, '{"a":' * 2000, "0000-00-00", "2026-02-30", "31/02/2026", "9999-12-31",
    "0001-01-01", "10000-01-01", "29/02/2027", "2026-13-01",
    # Sizes
    "a" * 9, "A" * 16, "A" * 31, "a" * 151, "a" * 255, "ñ" * 201, "😀" * 301, "a1" * 5_000,
    # Others
    "😀", "👨‍👩‍👧‍👦", "🇵🇪", "¿?", "...", "---", "'", "’’", "- . '", "Juan2", "Juan_Carlos", "Pérez, Juan", "Juan (Pepe)", "JPEREZ 1",
    "JPEREZ_1", "JPEREZÑ1", "ana", "ana@", "ana@ejemplo", "@ejemplo.pe", "ana@@ejemplo.pe", "ana@.pe", "20999999028", "30999999027",
    "2099999902", "209999990270", "9000012", "900001234", "abcdefgh", "abcdef1", "abcdefghijkl1", "abcdefg٣", "abcdefg²",
]  # fmt: skip

# One of each way in which something breaks; each is tried alone in each field of each page.
DANGEROUS = [
    "", "\x00", "a\r\nX-Otro: b", "9" * 5000, "9" * 30, "-1", "%s{0}'\";--<script>", "٣",
]  # fmt: skip
# And in which what is sent back of a screen does.
DANGEROUS_JSON = ["[1]", '{"a":' * 2000, '{"first_name": "\\ud800", "name": "\\ud800"}']
