// Runs `linnet check` on files that are opened or saved, and `linnet fmt` where a file is formatted.
"use strict";

const { execFile } = require("node:child_process");
const { readFile } = require("node:fs/promises");
const { dirname } = require("node:path");
const vscode = require("vscode");
const { diagnostics } = require("./diagnostics.js");

const LANGUAGES = ["linnet", "lir"];
const MOST_BYTES = 1 << 26; // of what linnet prints

function setting(document, name) {
  return vscode.workspace.getConfiguration("linnet", document.uri).get(name);
}

/** Runs linnet in the document's folder; {status, stdout, stderr}. Rejects if it does not start. */
function linnet(document, args, input) {
  const folder = document.uri.scheme === "file" ? dirname(document.uri.fsPath) : undefined;
  return new Promise((resolve, reject) => {
    const child = execFile(
      setting(document, "path"),
      args,
      { cwd: folder, maxBuffer: MOST_BYTES },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") reject(error);
        else resolve({ status: error ? error.code : 0, stdout, stderr });
      },
    );
    child.stdin.on("error", () => {}); // it ended before it read all: its status says why
    child.stdin.end(input ?? "");
  });
}

let complained = "";
function complain(document, error) {
  const path = setting(document, "path");
  if (complained === path) return; // once, until the setting is another
  complained = path;
  const choose = "Open the setting";
  vscode.window
    .showErrorMessage(`linnet: '${path}' does not start (${error.code ?? error.message})`, choose)
    .then((chosen) => {
      if (chosen) vscode.commands.executeCommand("workbench.action.openSettings", "linnet.path");
    });
}

function rangeOf({ start, end }) {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

function shown(found, uri) {
  const severities = {
    error: vscode.DiagnosticSeverity.Error,
    warning: vscode.DiagnosticSeverity.Warning,
    remark: vscode.DiagnosticSeverity.Information,
  };
  const diagnostic = new vscode.Diagnostic(
    rangeOf(found.range),
    found.message,
    severities[found.severity] ?? vscode.DiagnosticSeverity.Error,
  );
  diagnostic.source = "linnet";
  diagnostic.relatedInformation = found.related.map(
    ({ range, message }) =>
      new vscode.DiagnosticRelatedInformation(new vscode.Location(uri, rangeOf(range)), message),
  );
  return diagnostic;
}

function activate(context) {
  const collection = vscode.languages.createDiagnosticCollection("linnet");
  const rounds = new Map(); // of each document the number of its last check

  async function check(document) {
    if (!LANGUAGES.includes(document.languageId) || document.uri.scheme !== "file") return;
    const key = document.uri.toString();
    const round = (rounds.get(key) ?? 0) + 1;
    rounds.set(key, round);
    const path = document.uri.fsPath;
    try {
      const args = ["check", path, "--diagnostics", "json", ...setting(document, "checkArguments")];
      const [{ stderr }, bytes] = await Promise.all([linnet(document, args), readFile(path)]);
      if (rounds.get(key) !== round) return; // saved again, or closed, in the meantime
      collection.set(
        document.uri,
        diagnostics(stderr, path, bytes).map((found) => shown(found, document.uri)),
      );
    } catch (error) {
      complain(document, error);
    }
  }

  async function format(document) {
    try {
      const { status, stdout } = await linnet(document, ["fmt", "-"], document.getText());
      // Of a text that cannot be parsed the check tells what is wrong.
      if (status !== 0) {
        vscode.window.setStatusBarMessage("linnet fmt: the text cannot be parsed", 5000);
        return [];
      }
      const all = new vscode.Range(0, 0, document.lineCount, 0);
      return stdout === document.getText() ? [] : [vscode.TextEdit.replace(all, stdout)];
    } catch (error) {
      complain(document, error);
      return [];
    }
  }

  context.subscriptions.push(
    collection,
    vscode.workspace.onDidOpenTextDocument(check),
    vscode.workspace.onDidSaveTextDocument(check),
    vscode.workspace.onDidCloseTextDocument((document) => {
      rounds.delete(document.uri.toString());
      collection.delete(document.uri);
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("linnet")) vscode.workspace.textDocuments.forEach(check);
    }),
    vscode.languages.registerDocumentFormattingEditProvider("linnet", {
      provideDocumentFormattingEdits: format,
    }),
  );
  vscode.workspace.textDocuments.forEach(check);
}

module.exports = { activate, deactivate() {} };
