/**
 * What operations are about: the id of a fulfillment, or a text for something else.
 *
 * A return is told by its id, or, if the server has not seen it yet, by the key that the device
 * gave it: `return/12` or `return/key/<uuid>`.
 */

const RETURN = "return/";
const KEY = "return/key/";

export const returnSubject = (id) => `${RETURN}${id}`;
export const newReturnSubject = (uuid) => `${KEY}${uuid}`;

/** The subject of an operation. */
export function subjectOf({ subject, fulfillment_id }) {
    return subject ?? fulfillment_id;
}

/** What an operation tells the server of its subject. */
export function subjectValues(subject) {
    return typeof subject === "number"
        ? { fulfillment_id: subject }
        : { subject, ...returnValues(subject) };
}

/** @returns {{return_id: number}|{return_key: string}} */
export function returnValues(subject) {
    return subject.startsWith(KEY)
        ? { return_key: subject.slice(KEY.length) }
        : { return_id: Number(subject.slice(RETURN.length)) };
}
