import { describe, expect, it } from "vitest";
import { decode, parseEnv } from "../../scripts/lib/env-file.mjs";

describe("a file of NAME=value lines", () => {
  it.each([
    ["N='Sun$et-2026-Ab'", "Sun$et-2026-Ab"],
    ["N=Sun$et-2026-Ab", "Sun$et-2026-Ab"],
    ['N="Sun$et ${HOME} $HOME"', "Sun$et ${HOME} $HOME"],
    ["N='${HOME} \\$x \\n'", "${HOME} \\$x \\n"],
    ['N=`it\'s "so" $1`', 'it\'s "so" $1'],
    ['N="a\\nb\\r \\"q\\" \\\\n \\$x"', 'a\nb\r "q" \\n $x'],
    ["N='a\nb\n'", "a\nb\n"],
    ['N="a\n#b"', "a\n#b"],
    ["N=abc#def", "abc#def"],
    ["N=#abc", "#abc"],
    ["N=abc # a comment", "abc"],
    ["N=abc\t# a comment", "abc"],
    ["N=   # a comment", ""],
    ["N='abc # no comment' # one", "abc # no comment"],
    ['N="#"#', "#"],
    ["N=a=b==", "a=b=="],
    ["N=two  words  ", "two  words"],
    [" N\t =  value", "value"],
    ["export N=value", "value"],
    ["N=C:\\new\\table", "C:\\new\\table"],
    ["N=it's", "it's"],
    ['N=5" and 6"', '5" and 6"'],
    ["N=", ""],
    ["N=''", ""],
    ["N=contraseña\u{A0}€🔑", "contraseña\u{A0}€🔑"],
  ])("means what it says: %j", (text, value) => {
    expect(parseEnv(text)).toEqual({ N: value });
    const among = parseEnv(`# first\r\nA=1\r\n\r\n${text.replaceAll("\n", "\r\n")}\r\nZ='9'`);
    expect(among).toEqual({ A: "1", N: value, Z: "9" });
  });

  it.each([
    ["A=1\nN='abc\nZ=2", "N (line 2) has no closing '"],
    ["N='it\\'s'", "N (line 1) goes on after its closing '"],
    ['N="a" b', 'N (line 1) goes on after its closing "'],
    ["N='a'\nM='b\nO='c'", "M (line 2) goes on after its closing '"],
    ["N=1\nN=2", "N (line 2) is there already"],
    ['N="C:\\temp"', "N (line 1) has \\t between double quotes: use single ones"],
    ["N=Sun\\$et", "N (line 1) has a backslash before a $"],
    ["N=a\0b", "N (line 1) has a control character"],
    ["A=1\nN: abc", "line 2 is not NAME=value"],
    ["A=1\n\nexport N", "line 3 is not NAME=value"],
    ["=abc", "line 1 is not NAME=value"],
    ["my-name=abc", "line 1 is not NAME=value"],
    ["{N: 1}", "line 1 is not NAME=value"],
  ])("is refused by name where it could mean two things: %j", (text, problem) => {
    expect(() => parseEnv(text)).toThrow(problem);
  });

  it.each([
    ["UTF-8", [0x4e, 0x3d, 0xc3, 0xb1]],
    ["UTF-8 with a mark", [0xef, 0xbb, 0xbf, 0x4e, 0x3d, 0xc3, 0xb1]],
    ["UTF-16, little end first", [0xff, 0xfe, 0x4e, 0, 0x3d, 0, 0xf1, 0]],
    ["UTF-16, big end first", [0xfe, 0xff, 0, 0x4e, 0, 0x3d, 0, 0xf1]],
  ])("is read in %s", (_name, bytes) => {
    expect(parseEnv(decode(Uint8Array.from(bytes)))).toEqual({ N: "ñ" });
  });

  it("is refused in another encoding", () => {
    expect(() => decode(Uint8Array.of(0x4e, 0x3d, 0xf1))).toThrow("not UTF-8 text");
    expect(decode(Uint8Array.of())).toBe("");
  });
});
