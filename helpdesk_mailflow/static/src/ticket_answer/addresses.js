/** Mail addresses as people type and paste them. */

const ADDRESS = /^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\.]+(\.[^\s@<>()[\],;:"\\.]+)+$/;
const NAMED = /^(?:"((?:[^"\\]|\\.)*)"|([^<>"]*))\s*<\s*([^<>]+?)\s*>$/;
const SPECIAL = /[()<>[\]:;@\\,."]/;

/**
 * @typedef {Object} Address
 * @property {string} name may be empty
 * @property {string} email
 */

/**
 * @param {string} text
 * @returns {boolean} whether it is one address, without a name
 */
export function isAddress(text) {
    return ADDRESS.test(text);
}

/**
 * Split at commas, semicolons and line ends, but not inside quotes or angle brackets.
 *
 * @param {string} text
 * @returns {string[]}
 */
function pieces(text) {
    const found = [];
    let piece = "";
    let quoted = false;
    let bracketed = false;
    for (let index = 0; index < text.length; index++) {
        const char = text[index];
        if (quoted && char === "\\") {
            piece += char + (text[++index] ?? "");
            continue;
        }
        if (char === '"') {
            quoted = !quoted;
        } else if (!quoted && (char === "<" || char === ">")) {
            bracketed = char === "<";
        } else if (char === "\n" || char === "\r" || (!quoted && !bracketed && /[,;\t]/.test(char))) {
            found.push(piece);
            piece = "";
            quoted = bracketed = false;
            continue;
        }
        piece += char;
    }
    found.push(piece);
    return found.map((each) => each.trim()).filter(Boolean);
}

/**
 * @param {string} piece
 * @returns {Address[]|undefined}
 */
function readPiece(piece) {
    const named = piece.match(NAMED);
    if (named) {
        const name = (named[1] ?? named[2] ?? "").replace(/\\(.)/g, "$1").trim();
        return isAddress(named[3]) ? [{ name, email: named[3] }] : undefined;
    }
    const words = piece.split(/\s+/);
    if (words.every(isAddress)) {
        return words.map((email) => ({ name: "", email }));
    }
    // a name and an address without brackets
    const email = words.pop();
    if (isAddress(email) && words.length && !words.some((word) => word.includes("@"))) {
        return [{ name: words.join(" ").replace(/^"|"$/g, ""), email }];
    }
}

/**
 * Take a list of addresses apart:
 * `Ann Lee <ann@example.com>, bob@example.com; "Cole, Dan" <dan@example.com>`.
 *
 * @param {string} text
 * @returns {{ addresses: Address[], rest: string }} rest: what is no address
 */
export function readAddresses(text) {
    const addresses = [];
    const rest = [];
    // Outlook copies names with a comma without quotes: Lee, Ann <ann@example.com>
    let surname = "";
    for (const piece of pieces(text || "")) {
        const read = readPiece(piece);
        if (read) {
            if (surname) {
                if (read[0].name) {
                    read[0].name = `${surname}, ${read[0].name}`;
                } else {
                    rest.push(surname);
                }
            }
            addresses.push(...read);
        } else if (surname) {
            rest.push(surname);
        }
        surname = read ? "" : piece;
    }
    if (surname) {
        rest.push(surname);
    }
    return { addresses, rest: rest.join(", ") };
}

/**
 * @param {Address} address
 * @returns {string} as in a header, not encoded
 */
export function formatAddress({ name, email }) {
    if (!name || sameAddress(name, email)) {
        return email;
    }
    const quoted = SPECIAL.test(name) ? `"${name.replace(/(["\\])/g, "\\$1")}"` : name;
    return `${quoted} <${email}>`;
}

/**
 * @param {Address[]} addresses
 * @returns {string}
 */
export function formatAddresses(addresses) {
    return addresses.map(formatAddress).join(", ");
}

/**
 * @param {string} [email]
 * @param {string} [other]
 * @returns {boolean}
 */
export function sameAddress(email, other) {
    return Boolean(email && other) && email.toLowerCase() === other.toLowerCase();
}

/**
 * @param {Address[]} addresses
 * @param {Address[]} more
 * @returns {Address[]} both, each address once
 */
export function joinAddresses(addresses, more) {
    const joined = [...addresses];
    for (const address of more) {
        if (!joined.some(({ email }) => sameAddress(email, address.email))) {
            joined.push(address);
        }
    }
    return joined;
}
