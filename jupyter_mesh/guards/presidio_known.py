"""What Presidio's recognizers can find, by country: known without loading Presidio, since policy is
checked in processes that never do. A test holds it against the installed one.
"""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    """Attributes:
    country: Whose number it is, ISO 3166-1 as Presidio writes it; empty: anybody's.
    language: Of the texts it is looked for in.
    surest: The score it can reach, with a word of its context before it.
    """

    country: str
    language: str
    surest: float


_BY_COUNTRY: dict[tuple[str, str], dict[str, float]] = {
    ("", "en"): {
        "CREDIT_CARD": 1.0,
        "CRYPTO": 1.0,
        "DATE_TIME": 1,
        "EMAIL_ADDRESS": 1.0,
        "IBAN_CODE": 1.0,
        "IP_ADDRESS": 0.95,
        "MAC_ADDRESS": 0.95,
        "PHONE_NUMBER": 0.75,
        "URL": 0.95,
        "UUID": 0.85,
    },
    ("au", "en"): {
        "AU_ABN": 1.0,
        "AU_ACN": 1.0,
        "AU_MEDICARE": 1.0,
        "AU_TFN": 1.0,
    },
    ("ca", "en"): {
        "CA_POSTAL_CODE": 0.65,
        "CA_SIN": 0.85,
    },
    ("de", "de"): {
        "DE_BSNR": 1.0,
        "DE_FUEHRERSCHEIN": 0.7,
        "DE_HANDELSREGISTER": 0.85,
        "DE_HEALTH_INSURANCE": 1.0,
        "DE_ID_CARD": 1.0,
        "DE_KFZ": 0.65,
        "DE_LANR": 1.0,
        "DE_PASSPORT": 1.0,
        "DE_PLZ": 0.4,
        "DE_SOCIAL_SECURITY": 1.0,
        "DE_TAX_ID": 1.0,
        "DE_TAX_NUMBER": 0.85,
        "DE_VAT_ID": 1.0,
    },
    ("es", "es"): {
        "ES_NIE": 1.0,
        "ES_NIF": 1.0,
        "ES_PASSPORT": 0.4,
    },
    ("fi", "fi"): {
        "FI_PERSONAL_IDENTITY_CODE": 1.0,
    },
    ("in", "en"): {
        "IN_AADHAAR": 1.0,
        "IN_GSTIN": 1.0,
        "IN_PAN": 0.85,
        "IN_PASSPORT": 0.45,
        "IN_VEHICLE_REGISTRATION": 1.0,
        "IN_VOTER": 0.75,
    },
    ("it", "it"): {
        "IT_DRIVER_LICENSE": 0.55,
        "IT_FISCAL_CODE": 1.0,
        "IT_IDENTITY_CARD": 0.4,
        "IT_PASSPORT": 0.4,
        "IT_VAT_CODE": 1.0,
    },
    ("kr", "ko"): {
        "KR_BRN": 1.0,
        "KR_DRIVER_LICENSE": 1.0,
        "KR_FRN": 1.0,
        "KR_PASSPORT": 0.45,
        "KR_RRN": 1.0,
    },
    ("ng", "en"): {
        "NG_NIN": 1.0,
        "NG_VEHICLE_REGISTRATION": 0.85,
    },
    ("ph", "en"): {
        "PH_PASSPORT": 0.45,
        "PH_TIN": 0.4,
        "PH_UMID": 0.85,
    },
    ("pl", "pl"): {
        "PL_PESEL": 1.0,
    },
    ("se", "sv"): {
        "SE_ORGANISATIONSNUMMER": 1.0,
        "SE_PERSONNUMMER": 1.0,
    },
    ("sg", "en"): {
        "SG_NRIC_FIN": 0.85,
        "SG_UEN": 1.0,
    },
    ("th", "th"): {
        "TH_TNIN": 1.0,
    },
    ("tr", "tr"): {
        "TR_LICENSE_PLATE": 1.0,
        "TR_NATIONAL_ID": 1.0,
    },
    ("uk", "en"): {
        "UK_DRIVING_LICENCE": 1.0,
        "UK_NHS": 1.0,
        "UK_NINO": 0.85,
        "UK_PASSPORT": 0.45,
        "UK_POSTCODE": 0.45,
        "UK_VEHICLE_REGISTRATION": 1.0,
    },
    ("us", "en"): {
        "ABA_ROUTING_NUMBER": 1.0,
        "MEDICAL_LICENSE": 1.0,
        "US_BANK_NUMBER": 0.4,
        "US_CLAIM_NUMBER": 0.7,
        "US_DRIVER_LICENSE": 0.65,
        "US_HEALTH_INSURANCE_MEMBER_ID": 0.45,
        "US_ITIN": 0.85,
        "US_MBI": 0.85,
        "US_NPI": 1.0,
        "US_PASSPORT": 0.45,
        "US_PRESCRIPTION_NUMBER": 0.95,
        "US_PRIOR_AUTHORIZATION_NUMBER": 0.7,
        "US_PROVIDER_TAX_ID": 0.7,
        "US_REFERRAL_NUMBER": 0.7,
        "US_SSN": 0.85,
    },
    ("za", "en"): {
        "ZA_COMPANY_REGISTRATION": 1.0,
        "ZA_DRIVER_LICENSE": 1.0,
        "ZA_ID_NUMBER": 1.0,
        "ZA_INCOME_TAX_NUMBER": 1.0,
        "ZA_LICENSE_PLATE": 1.0,
        "ZA_MOBILE_NUMBER": 0.75,
        "ZA_PASSPORT": 1.0,
        "ZA_TELEPHONE_NUMBER": 0.75,
        "ZA_TRAFFIC_REGISTER_NUMBER": 1.0,
        "ZA_VAT_NUMBER": 1.0,
    },
}

KNOWN = {
    entity: Known(country, language, surest)
    for (country, language), entities in _BY_COUNTRY.items()
    for entity, surest in entities.items()
}
