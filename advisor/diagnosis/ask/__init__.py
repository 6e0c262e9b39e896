"""A diagnosis without logs: questions on symptoms, the most telling one first, and what the answers make possible."""

from advisor.diagnosis.ask.answers import read_symptoms, symptoms_template
from advisor.diagnosis.ask.conclusion import conclude
from advisor.diagnosis.ask.consultation import Consultation, begin
from advisor.diagnosis.ask.questions import Question

__all__ = ["Consultation", "Question", "begin", "conclude", "read_symptoms", "symptoms_template"]
