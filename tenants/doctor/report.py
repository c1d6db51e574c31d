import json

from tenants.doctor.examination import Examination


def as_text(examination: Examination) -> str:
    lines = []
    for rule, findings in examination.findings.items():
        lines.append(f"{'problem' if findings else 'ok':8} {rule.id}  {rule.title}")
        if findings:
            lines += [f"         - {finding}" for finding in findings]
            lines.append(f"         What to do: {rule.hint}")
    rules, broken = len(examination.findings), len(examination.broken)
    lines.append(f"{broken} of {rules} rules are broken." if broken else f"All {rules} rules hold.")
    return "\n".join(lines)


def as_json(examination: Examination) -> str:
    return json.dumps(
        {
            "ok": not examination.broken,
            "rules": [
                {
                    "id": rule.id,
                    "title": rule.title,
                    "ok": not findings,
                    "opens_data": rule.opens_data,
                    "hint": rule.hint,
                    "findings": [
                        {"where": finding.where, "problem": finding.problem} for finding in findings
                    ],
                }
                for rule, findings in examination.findings.items()
            ],
        }
    )
