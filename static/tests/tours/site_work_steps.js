/** Steps that the tours of the site screen share. */

/** Types a code as quick as a hand scanner does. */
export function scan(code) {
    for (const key of [...code, "Enter"]) {
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
}

export const scanned = (code, content) => ({
    content: content || `Scan ${code}`,
    trigger: ".o_oms_order .o_oms_lines",
    run: () => scan(code),
});

export const says = (kind, text) => ({
    content: `The screen says: ${text}`,
    trigger: `.o_oms_message_${kind}:contains('${text}')`,
});

export const counts = (product, text) => ({
    content: `${product}: ${text}`,
    trigger: `.o_oms_line:contains('${product}') .o_oms_count:contains('${text}')`,
});

export const opens = (customer) => ({
    content: "Open the order",
    trigger: `.o_oms_card:contains('${customer}')`,
    run: "click",
});

export const does = (action, state = "") => ({
    content: `Do: ${action}`,
    trigger: `.o_oms_actions button[data-action='${action}']${state}`,
    run: "click",
});

export const confirms = {
    trigger: ".modal .o_oms_confirm:enabled",
    run: "click",
};

export const isAt = (state) => ({
    content: `The order is ${state}`,
    trigger: `.o_oms_steps li.o_oms_step_now[data-state='${state}']`,
});
