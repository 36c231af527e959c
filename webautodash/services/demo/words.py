"""Names, medications, diagnoses and other texts for fictitious patients, worded as portals show them."""

FIRST_NAMES = {
    "Female": ("Ada", "Beatriz", "Chidinma", "Dolores", "Eszter", "Fatima", "Greta", "Hana", "Ilse", "Joan", "Keiko",
               "Leilani", "Mireille", "Noor", "Odile", "Priya", "Rosalind", "Siobhán", "Tamar", "Ursula", "Zoë"),
    "Male": ("Anders", "Bogdan", "Cyril", "Dmitri", "Emeka", "Farid", "Gustavo", "Håkon", "Ignacio", "Jerome", "Kofi",
             "Lamar", "Miguel", "Nils", "Omar", "Pedro", "Quentin", "René", "Stefan", "Tariq", "Wei"),
}  # fmt: skip

LAST_NAMES = (
    "Abara", "Bergqvist", "Castellanos", "Dvořák", "Eastwick", "Fontaine", "Grünwald", "Hakimi", "Iwasaki", "Jankowski",
    "Kettering", "Lindholm", "Mbeki-Ross", "Nakagawa", "O'Driscoll", "Papadakis", "Quispe", "Ravensworth", "Sørensen",
    "Tavares", "Underhill", "Vandermeer", "Wetherby", "Yıldız", "Zielinski", "D'Amato", "Featherstone", "St. Clair",
)  # fmt: skip

# Ingredient, strengths, form.
DRUGS = (
    ("lisinopril", ("2.5 MG", "5 MG", "10 MG", "20 MG", "40 MG"), "Oral Tablet"),
    ("amLODIPine", ("2.5 MG", "5 MG", "10 MG"), "Oral Tablet"),
    ("metFORMIN hydrochloride", ("500 MG", "850 MG", "1,000 MG"), "Oral Tablet"),
    ("24 HR metFORMIN hydrochloride", ("500 MG", "750 MG"), "Extended Release Oral Tablet"),
    ("atorvastatin", ("10 MG", "20 MG", "40 MG", "80 MG"), "Oral Tablet"),
    ("Simvastatin", ("10 MG", "20 MG", "40 MG"), "Oral Tablet"),
    ("levothyroxine sodium", ("0.025 MG", "0.05 MG", "0.1 MG"), "Oral Tablet"),
    ("Hydrochlorothiazide", ("12.5 MG", "25 MG"), "Oral Tablet"),
    ("omeprazole", ("20 MG", "40 MG"), "Delayed Release Oral Capsule"),
    ("sertraline", ("25 MG", "50 MG", "100 MG"), "Oral Tablet"),
    ("gabapentin", ("100 MG", "300 MG", "600 MG"), "Oral Capsule"),
    ("albuterol", ("0.09 MG/ACTUAT",), "Metered Dose Inhaler"),
    ("Fluticasone propionate", ("0.044 MG/ACTUAT", "0.11 MG/ACTUAT"), "Metered Dose Inhaler"),
    ("losartan potassium", ("25 MG", "50 MG", "100 MG"), "Oral Tablet"),
    ("Acetaminophen", ("325 MG", "500 MG"), "Oral Tablet"),
    ("Acetaminophen 325 MG / HYDROcodone Bitartrate", ("5 MG", "7.5 MG", "10 MG"), "Oral Tablet"),
    ("insulin glargine", ("100 UNT/ML",), "Injectable Solution"),
    ("0.3 ML EPINEPHrine", ("1 MG/ML",), "Auto-Injector"),
    ("hydrocortisone", ("1 %", "2.5 %"), "Topical Cream"),
    ("potassium chloride", ("10 MEQ", "20 MEQ"), "Extended Release Oral Tablet"),
    ("warfarin sodium", ("1 MG", "2.5 MG", "5 MG"), "Oral Tablet"),
    ("predniSONE", ("5 MG", "10 MG", "20 MG"), "Oral Tablet"),
    ("amoxicillin", ("250 MG", "500 MG", "875 MG"), "Oral Capsule"),
    ("ferrous sulfate", ("325 MG",), "Oral Tablet"),
    ("ergocalciferol", ("50,000 UNT",), "Oral Capsule"),
)

SIGS = (
    "Take 1 tablet by mouth daily",
    "Take 1 tablet by mouth twice daily with meals",
    "Take 1 capsule at bedtime",
    "Inhale 2 puffs every 4 to 6 hours as needed",
    "Take as directed",
    "Apply a thin layer to the affected area twice a day; do not cover",
    "Take 2 tablets every 6 hours as needed for pain, no more than 8 in 24 hours",
)

DIAGNOSIS_TEXTS = (
    "Essential (primary) hypertension (I10)",
    "Type 2 diabetes mellitus without complications (E11.9)",
    "Mixed hyperlipidemia (E78.2)",
    "Hypothyroidism, unspecified (E03.9)",
    "Gastro-esophageal reflux disease without esophagitis (K21.9)",
    "Major depressive disorder, single episode, unspecified (F32.A)",
    "Generalized anxiety disorder (F41.1)",
    "Mild intermittent asthma, uncomplicated (J45.20)",
    "Low back pain, unspecified (M54.50)",
    "Unilateral primary osteoarthritis, right knee (M17.11)",
    "Vitamin D deficiency, unspecified (E55.9)",
    "Iron deficiency anemia, unspecified (D50.9)",
    "Obesity, unspecified (E66.9)",
    "Gout, unspecified (M10.9)",
    "Atrial fibrillation, unspecified (I48.91)",
    "Chronic kidney disease, stage 3a (N18.31)",
    "Migraine without aura, not intractable (G43.009)",
    "Acute pharyngitis, unspecified (J02.9)",
    "Body mass index 30+ - obesity (finding) [162864005]",
    "Full-time employment (finding) [160903007]",
    "Part-time employment (finding) [160904001]",
    "Stress (finding) [73595000]",
    "Prediabetes (finding) [714628002]",
    "Sprain of ankle (disorder) [44465007]",
    "Viral sinusitis (disorder) [444814009]",
    "Received higher education (finding) [224299000]",
)

ACUITIES = ("Chronic", "Acute", "", "Unspecified")

# Allergen, type.
ALLERGENS = (
    ("Penicillin G", "drug"),
    ("Sulfamethoxazole", "drug"),
    ("Aspirin", "drug"),
    ("Codeine", "drug"),
    ("Ibuprofen", "drug"),
    ("Peanut (substance)", "food"),
    ("Shellfish (substance)", "food"),
    ("Egg white", "food"),
    ("Cow's milk", "food"),
    ("Latex", "environmental"),
    ("House dust mite (organism)", "environmental"),
    ("Grass pollen", "environmental"),
    ("Cat dander", "environmental"),
)

REACTIONS = (
    "Hives",
    "Eruption of skin (disorder)",
    "Wheezing",
    "Allergic angioedema (disorder)",
    "Nausea",
    "Cough",
    "",
)
SEVERITIES = ("Mild", "Moderate", "Severe", "")

CONCERNS = (
    "Fall risk",
    "Lives alone; daughter visits on weekends",
    "Tobacco use, 10 pack years, motivated to quit",
    "Home blood pressure log, bring to each visit",
    "Needs an interpreter for visits",
    "Advance directive on file",
    "Transportation to appointments is difficult in winter",
    "Weight management: walks 30 minutes a day",
    "Colonoscopy due",
    "Medication adherence reviewed with pharmacist",
)
CONCERN_TYPES = ("active", "inactive", "note")
PRIORITIES = ("high", "medium", "low", "")

TARGET_MEDICATIONS = ("Lisinopril", "Atorvastatin", "Metformin", "Levothyroxine", "all")
