import { _t } from "@web/core/l10n/translation";
import { RPCError } from "@web/core/network/rpc";
import { BROKEN, LOGIN, LOST, REFUSED } from "./operation_queue";

const SAYS_NO = new Set([
    "odoo.exceptions.UserError",
    "odoo.exceptions.AccessError",
    "odoo.exceptions.MissingError",
    "odoo.exceptions.ValidationError",
    "odoo.exceptions.RedirectWarning",
]);

/**
 * Tells a lost connection, an ended session, a no and a failure of the server apart.
 *
 * @param {Error} error of a call
 * @returns {{kind: string, message: string}}
 */
export function classify(error) {
    if (!(error instanceof RPCError)) {
        return { kind: LOST, message: _t("There is no connection.") };
    }
    if (error.exceptionName === "odoo.http.SessionExpiredException" || error.code === 100) {
        return { kind: LOGIN, message: _t("You are not logged in any more.") };
    }
    const message = error.data?.message || error.message;
    if (SAYS_NO.has(error.exceptionName)) {
        return { kind: REFUSED, message };
    }
    return { kind: BROKEN, message: _t("The server could not do it: %s", message) };
}
