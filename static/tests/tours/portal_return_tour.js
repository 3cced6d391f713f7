import { registry } from "@web/core/registry";

/** Takes `units` of what a product is called, for a reason. */
const choose = (product, units, reason) => [
    {
        content: `${product} comes back`,
        trigger: `.o_oms_return_line:contains('${product}') .o_oms_more:visible`,
        run: async ({ queryFirst }) => {
            const button = queryFirst(`.o_oms_return_line:contains('${product}') .o_oms_more`);
            for (let unit = 0; unit < units; unit++) {
                button.click();
            }
        },
    },
    {
        trigger: `.o_oms_return_line:contains('${product}') .o_oms_reason:visible`,
        run: `selectByLabel ${reason}`,
    },
];

const fillForm = () => [
    { trigger: ".o_oms_ask:disabled" },
    {
        content: "Why is asked of what comes back only",
        trigger: ".o_oms_return_form:not(:has(.o_oms_why:visible))",
    },
    ...choose("Apple", 1, "Too small"),
    ...choose("Cherry", 1, "Does not work"),
    {
        content: "This reason wants words",
        trigger: ".o_oms_return_line:contains('Cherry') .o_oms_note:required",
        run: "edit It hums and stays dark.",
    },
    {
        content: "Not more than was bought",
        trigger: ".o_oms_return_line:contains('Apple') .o_oms_more",
        run: "click",
    },
    { trigger: ".o_oms_return_line:contains('Apple') .o_oms_quantity:value('1')" },
    {
        content: "A store is chosen only if it is brought to one",
        trigger: ".o_oms_return_form:not(:has(.o_oms_sites:visible)) input[value='dropoff']",
        run: "click",
    },
    { trigger: ".o_oms_sites:visible:contains('Near')" },
    {
        content: "Nobody has to look to the side on a phone",
        trigger: ".o_oms_return_form",
        run: () => {
            const { scrollWidth, clientWidth } = document.documentElement;
            if (scrollWidth > clientWidth) {
                throw new Error(`The page is ${scrollWidth - clientWidth} px too wide.`);
            }
        },
    },
    { trigger: ".o_oms_ask:enabled", run: "click", expectUnloadPage: true },
];

const seeReturn = () => [
    { trigger: ".o_oms_return .o_oms_status:contains('You can bring it')" },
    { trigger: ".o_oms_returned:contains('Apple'):contains('Too small')" },
    { trigger: ".o_oms_returned:contains('Cherry')" },
    { trigger: ".o_oms_return:not(:contains('Berry'))" },
    { trigger: ".o_oms_return img[src*='/report/barcode']" },
    { trigger: ".o_oms_return:contains('Near')" },
];

registry.category("web_tour.tours").add("oms_portal_return", {
    steps: () => [
        {
            content: "From the order",
            trigger: ".o_oms_return_link",
            run: "click",
            expectUnloadPage: true,
        },
        ...fillForm(),
        ...seeReturn(),
    ],
});

registry.category("web_tour.tours").add("oms_guest_return", {
    steps: () => [
        { trigger: "#oms_order:not(:value(''))" },
        { trigger: "#oms_email", run: "edit ada@example.com" },
        {
            trigger: ".o_oms_return_begin button[type='submit']",
            run: "click",
            expectUnloadPage: true,
        },
        { content: "A wrong code", trigger: "#oms_code", run: "edit ZZZZ-ZZZZ" },
        {
            trigger: ".o_oms_return_code button[type='submit']",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".alert-danger:contains('does not hold')" },
        { content: "The one of the mail", trigger: "#oms_code", run: "edit k7q2 m9xd" },
        {
            trigger: ".o_oms_return_code button[type='submit']",
            run: "click",
            expectUnloadPage: true,
        },
        ...fillForm(),
        ...seeReturn(),
        {
            content: "After all not",
            trigger: ".o_oms_cancel_return button",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".o_oms_status:contains('Cancelled')" },
    ],
});

registry.category("web_tour.tours").add("oms_return_from_mail", {
    steps: () => [
        {
            content: "Open the address of the mail",
            trigger: "form input[name='order']",
            run: () => window.location.assign(`/oms/returns/open${window.location.hash}`),
            expectUnloadPage: true,
        },
        {
            trigger: ".o_oms_return .o_oms_status",
        },
        {
            content: "What opened it is gone",
            trigger: ".o_oms_return",
            run: () => {
                if (window.location.hash || !window.location.pathname.startsWith("/my/returns/")) {
                    throw new Error(`The address is ${window.location.href}`);
                }
            },
        },
    ],
});
