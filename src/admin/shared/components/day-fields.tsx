import type { View } from "../view";
import { placeOf, UTC } from "../zone";
import { Fill } from "./fill";
import { InputField } from "./field";
import { sharedWords, type SharedKey } from "../words";

type Field = "from" | "to" | "zone";

interface DayFieldsProps {
  view: View;
  typed: Record<Field, string>;
  problems: Partial<Record<Field, SharedKey>>;
}

/**
 * Shows the fields for a list's days, in the zone of its address. If the address has none, the
 * page's script fills in the reader's.
 */
export function DayFields({ view, typed, problems }: DayFieldsProps) {
  const t = sharedWords(view);
  const isOpen = typed.from === "" && typed.to === "";
  const zone = typed.zone === "" ? UTC : typed.zone;
  const problem = { from: problems.from ?? problems.zone, to: problems.to };
  const name = (
    <span title={zone} data-zone={isOpen ? "place" : undefined}>
      {placeOf(zone)}
    </span>
  );
  return (
    <>
      {(["from", "to"] as const).map((field) => (
        <InputField
          id={field}
          type="date"
          label={
            <Fill text={t(`list.${field}`)} name="zone">
              {name}
            </Fill>
          }
          value={typed[field]}
          problem={problem[field] && t(problem[field])}
        />
      ))}
      <input type="hidden" name="zone" value={zone} data-zone={isOpen ? "value" : undefined} />
    </>
  );
}
