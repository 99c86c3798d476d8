/*
 * The set-up page as three static texts.  Script and style have addresses of their own, so that the page can be served
 * under a Content-Security-Policy that allows nothing inline.
 */
#include "server/setup_page.h"

const char setup_page_html[] =
        "<!doctype html><html lang=en><meta charset=utf-8><title>Chancery – set-up</title>\n"
        "<meta name=viewport content='width=device-width,initial-scale=1'>\n"
        "<link rel=stylesheet href=/setup.css>\n"
        "<main><h1>Chancery</h1>\n"
        "<p id=intro>Make the first operator of this installation. The link that brought you here works once.</p>\n"
        "<form id=form><label>Your name <input id=name required maxlength=64 autocomplete=name autofocus></label>\n"
        "<button>Make operator and key</button></form>\n"
        "<section id=done hidden><h2>Your key</h2>\n"
        "<p>Keep it now: the secret is shown this once.</p>\n"
        "<dl><dt>Account</dt><dd id=account></dd><dt>SecretId</dt><dd id=id></dd><dt>SecretKey</dt><dd id=key></dd></dl>\n"
        "<p>For the command line:</p><pre id=env></pre></section>\n"
        "<p id=error role=alert hidden></p></main>\n"
        "<script src=/setup.js></script></html>\n";

const char setup_page_css[] =
        "body{margin:0;background:#f4f6f8;color:#16202a;font:16px/1.5 system-ui,sans-serif}\n"
        "main{max-width:36rem;margin:12vh auto;padding:2rem 2.5rem;background:#fff;border-radius:10px;"
        "box-shadow:0 1px 3px #0002,0 8px 30px #0001}\n"
        "h1{margin:0 0 .5rem;font-size:1.6rem}h2{font-size:1.1rem;margin:1.5rem 0 .3rem}\n"
        "label{display:block;font-weight:600}input{display:block;box-sizing:border-box;width:100%;margin:.3rem 0 1rem;"
        "padding:.6rem .7rem;font:inherit;border:1px solid #b6c2cd;border-radius:6px}\n"
        "button{padding:.6rem 1.2rem;font:inherit;font-weight:600;color:#fff;background:#0b5cad;border:0;border-radius:6px;"
        "cursor:pointer}button:hover{background:#094b8e}\n"
        "dt{font-weight:600}dd{margin:0 0 .6rem;font-family:ui-monospace,monospace;overflow-wrap:anywhere}\n"
        "pre{background:#f4f6f8;padding:.8rem;border-radius:6px;overflow-x:auto;font-size:.85rem}\n"
        "#error{color:#a3161f;font-weight:600}\n";

const char setup_page_js[] =
        "'use strict';\n"
        "const el = id => document.getElementById(id);\n"
        "const token = location.hash.slice(1);\n"
        "history.replaceState(null, '', location.pathname);\n"
        "const fail = text => { el('error').textContent = text; el('error').hidden = false; };\n"
        "if (!token) { el('form').hidden = true; fail('Open the complete set-up link that the server printed at its start.'); }\n"
        "el('form').addEventListener('submit', async event => {\n"
        "  event.preventDefault();\n"
        "  el('error').hidden = true;\n"
        "  try {\n"
        "    const answer = await fetch('/setup', { method: 'POST', headers: { 'Content-Type': 'application/json' },\n"
        "      body: JSON.stringify({ Token: token, Name: el('name').value }) });\n"
        "    const made = await answer.json();\n"
        "    if (made.Error) return fail(made.Error.Message);\n"
        "    el('account').textContent = made.Account;\n"
        "    el('id').textContent = made.SecretId;\n"
        "    el('key').textContent = made.SecretKey;\n"
        "    el('env').textContent = `export CHANCERY_ENDPOINT=${location.origin}\\n` +\n"
        "      `export CHANCERY_SECRET_ID=${made.SecretId}\\nexport CHANCERY_SECRET_KEY=${made.SecretKey}`;\n"
        "    el('form').hidden = el('intro').hidden = true;\n"
        "    el('done').hidden = false;\n"
        "  } catch (error) { fail('The server did not answer: ' + error.message); }\n"
        "});\n";
